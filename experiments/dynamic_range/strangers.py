"""People of no set that a model here has learnt from: a hundred of Labeled Faces in the Wild, as scikit-image has them.

The set is of Huang, Ramesh, Berg and Learned-Miller (2007); its faces here are grey and 25 pixels wide.
"""

import numpy as np

from vae_jax import Trained
from vae_jax.runs.friends import lay_over

FACES = 100  # the first of the file; then come pictures of other things
EYES_AND_NOSE = np.array([[6.4, 8.4], [14.8, 8.4], [10.6, 13.2]])  # in the mean of the faces, x and y in pixels
SIDE = 20  # pixels of theirs that a face picture shows, about


def strangers(model: Trained) -> np.ndarray:
    """Return the faces, their eyes and noses where those of the model's people are on average.

    Returns:
        uint8 `[100, height, width, 1]`, of the model's image size; their tones are as they were.
    """
    from skimage.data import lfw_subset

    tones = np.round(255 * lfw_subset()[:FACES, ..., None]).astype(np.uint8)
    return np.stack([lay_over(face, EYES_AND_NOSE, model) for face in tones])
