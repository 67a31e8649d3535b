"""Faces: alignment, drawn faces, photographs."""
