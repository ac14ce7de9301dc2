"""Chat completion requests in the shapes of other APIs and libraries, brought into this API's own shape.

`shapes` rewrites the body before it is decoded, `parts` the content parts of one message. Both run only where the types
of `schema` refuse something; what they change is an adjustment. Start at `shapes.reshape`.
"""
