"""Why do friends reconstruct worse: is it, as the post guessed, another dynamic range?"""
