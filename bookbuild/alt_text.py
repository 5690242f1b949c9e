"""Give a notebook's pictures in the book the alt text that their outputs carry.

A figure's output metadata holds it: ``{"image/png": {"alt": "...", "width": 600}}``.
myst-nb takes the width from there but not the alt text, and then prints the file's
name in its place. pyproject.toml registers this plugin under ``myst_nb.mime_renderers``.
"""


class AltText:
    """A mime renderer for myst-nb: its own picture, with our alt text."""

    @staticmethod
    def handle_mime(renderer, data, inline):
        """Return the image node with its alt text, or None to leave the output to myst-nb."""
        alt = data.output_metadata.get(data.mime_type, {}).get("alt")
        if not (alt and data.mime_type.startswith("image/")):
            return None
        (image,) = renderer.render_image(data)
        image["alt"] = alt
        return [image]
