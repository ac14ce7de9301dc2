"""Every reason that the service has to refuse a Messages request, as tables and small functions.

They see raw JSON alone: nothing here knows the proxy's own types, so a fault in those cannot hide.
"""
