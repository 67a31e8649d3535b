"""Whether all of a figure lies inside its picture: what doesn't is cut off in the file."""


def beyond_the_edge(figure):
    """Inches by which anything drawn, texts above all, reaches over each edge; nothing where all is inside."""
    figure.canvas.draw()
    box = figure.get_tightbbox(figure.canvas.get_renderer())
    width, height = figure.get_size_inches()
    over = {"left": -box.x0, "below": -box.y0, "right": box.x1 - width, "above": box.y1 - height}
    return {edge: round(float(inches), 2) for edge, inches in over.items() if inches > 0.01}
