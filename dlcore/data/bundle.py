"""Make the bundled files from scikit-learn (needs scikit-learn and Pillow): ``python -m dlcore.data.bundle``.

Pixels stay the whole numbers they are, in uint8, so that the files are small and exact; `dlcore.data.bundled`
scales them.
"""

from pathlib import Path

import numpy as np

FILES = Path(__file__).parent / "files"


def bundle(folder=FILES):
    """Write ``digits.npz``, ``china.npz`` and ``flower.npz`` into `folder`, which must exist."""
    from sklearn.datasets import load_digits, load_sample_image

    loaded = load_digits()
    images = loaded.images[:, np.newaxis].astype(np.uint8)
    if not np.array_equal(images[:, 0], loaded.images):
        raise ValueError("scikit-learn's digits are no longer whole numbers that fit uint8")
    np.savez_compressed(folder / "digits.npz", images=images, labels=loaded.target.astype(np.uint8))

    for name in ("china", "flower"):
        image = load_sample_image(f"{name}.jpg")
        np.savez_compressed(folder / f"{name}.npz", image=np.ascontiguousarray(image.transpose(2, 0, 1)))


if __name__ == "__main__":
    bundle()
    for path in sorted(FILES.glob("*.npz")):
        print(f"{path.name}: {path.stat().st_size:,} bytes")
