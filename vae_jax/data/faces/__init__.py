"""Faces: alignment, drawing, photographs."""
