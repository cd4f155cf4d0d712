"""Real images that come with the package. They load with NumPy alone, without a network.

`dlcore.data.bundle` made the files; ``files/NOTICE.txt`` states where they come from and their licences.
"""

from importlib import resources

import numpy as np

from dlcore.data._checks import floating, one_of

PHOTOGRAPHS = ("china", "flower")

# ITU-R BT.601-7, section 2.5.1: luma of R'G'B'. The eye is most sensitive to green.
LUMA = np.array([0.299, 0.587, 0.114])


def digits(dtype=np.float32):
    """Load the handwritten digits of scikit-learn: 1,797 small real images of ten classes.

    The images are the test set of the "Optical Recognition of Handwritten Digits" data: 13 people wrote the
    digits, and each pixel counts the inked dots (0 to 16) in a 4x4 block of a 32x32 scan. Here they are
    divided by 16. The order is scikit-learn's.

    Parameters
    ----------
    dtype : floating-point dtype, default float32
        Type of the images.

    Returns
    -------
    images : ndarray (1797, 1, 8, 8) of `dtype`, in [0, 1]
        0 is paper, 1 is ink.
    labels : ndarray (1797,) of int64
        The digit, 0 to 9.

    Raises
    ------
    TypeError
        `dtype` is not a floating-point type.

    References
    ----------
    E. Alpaydin, C. Kaynak. Optical Recognition of Handwritten Digits. UCI Machine Learning Repository, 1998.
    doi:10.24432/C50P49. Licence: CC BY 4.0.
    """
    dtype = floating(dtype)
    arrays = _load("digits")
    return arrays["images"].astype(dtype) / dtype.type(16), arrays["labels"].astype(np.int64)


def photograph(name="china", gray=False, dtype=np.float32):
    """Load one of scikit-learn's two photographs.

    ``"china"`` shows a tiled tower by a lake: edges and fine regular texture. ``"flower"`` shows one blossom
    in front of a blurred background: smooth colour.

    Parameters
    ----------
    name : {"china", "flower"}
    gray : bool, default False
        Return the luma 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601) in place of the three colours.
    dtype : floating-point dtype, default float32

    Returns
    -------
    image : ndarray (3, 427, 640), or (1, 427, 640) if `gray`, of `dtype`, in [0, 1]
        Channels red, green, blue, as stored (not linear light).

    Raises
    ------
    ValueError
        `name` is not one of `PHOTOGRAPHS`.
    TypeError
        `dtype` is not a floating-point type.

    Notes
    -----
    Both photographs are licensed CC BY 2.0 (https://creativecommons.org/licenses/by/2.0/):

    - china: by danielbuechele, https://www.flickr.com/photos/danielbuechele/6061409035/
    - flower: by vultilion, https://www.flickr.com/photos/vultilion/6056698931/

    They come by way of scikit-learn (``sklearn.datasets.load_sample_image``), which retrieved them in 2011.
    The only change made here is from JPEG to an array of its decoded pixels.
    """
    name, dtype = one_of("name", name, PHOTOGRAPHS), floating(dtype)
    image = _load(name)["image"]
    if gray:
        image = np.tensordot(LUMA, image, axes=1)[np.newaxis]
        # The weights sum to 1, but rounding may carry white above 255 by one part in 1e16.
        return (np.minimum(image, 255) / 255).astype(dtype)
    return image.astype(dtype) / dtype.type(255)


def _load(name):
    """Return the arrays of ``files/<name>.npz`` by their names."""
    with (
        (resources.files("dlcore.data") / "files" / f"{name}.npz").open("rb") as file,
        np.load(file) as archive,
    ):
        return {key: archive[key] for key in archive.files}
