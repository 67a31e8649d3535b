"""How fast is it, and what is the least that it could cost? Every figure is a ratio within one run."""
