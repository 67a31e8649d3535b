"""Fixed against drawn binarisation: how much is overfitting, and what does patience save?"""
