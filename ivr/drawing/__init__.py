"""A flow as a picture: its nodes as cards with their ways, as Mermaid text or as SVG, with figures of real calls."""
