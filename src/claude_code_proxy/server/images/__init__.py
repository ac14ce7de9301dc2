"""Images that Claude does not take as they are, converted where the optional extra `images` is installed."""

from claude_code_proxy.server.images.converter import ImageConverter as ImageConverter
