"""A generated data set: one shape an image, with its class and its bounding box.

Every shape is drawn from its signed distance: the distance from a pixel's centre to the outline, negative
inside. The box follows from the same geometry.
"""

import numpy as np

from dlcore.data._checks import floating, random_generator, whole_number

SHAPE_CLASSES = ("circle", "square", "triangle", "star", "cross", "ring")

SIDE = 32  # pixels
RADII = (5.0, 12.0)  # of the circle around the shape, pixels
MARGIN = 1.0  # pixels between the shape and the edge of the image
RING_HOLE = 0.55  # inner over outer radius


def generate_shapes(count, generator, *, noise=0.03, dtype=np.float32):
    """Generate 32x32 RGB images, each of one shape in front of a background.

    Class, colour, size (5 to 12 pixels from centre to outermost point), rotation (where it shows) and
    position are drawn at random. The shape lies wholly inside the image. The background is a slope between
    colours with soft spots. Edges are antialiased.

    Parameters
    ----------
    count : int, N
        How many images; may be 0.
    generator : numpy.random.Generator
        The same state gives the same images.
    noise : float, default 0.03
        Standard deviation of the Gaussian noise added to every pixel.
    dtype : floating-point dtype, default float32

    Returns
    -------
    images : ndarray (N, 3, 32, 32) of `dtype`, in [0, 1]
    labels : ndarray (N,) of int64
        Index into `SHAPE_CLASSES`.
    boxes : ndarray (N, 4) of `dtype`
        ``x1, y1, x2, y2`` in pixels: the smallest box around the shape's exact outline. x points right, y
        points down, and pixel (row, column) covers [column, column + 1] x [row, row + 1].

    Raises
    ------
    TypeError
        `count` is no whole number, `generator` is no Generator, `dtype` is not floating-point.
    ValueError
        `count` or `noise` is negative.
    """
    count = whole_number("count", count, least=0)
    random_generator(generator)
    dtype = floating(dtype)
    if not noise >= 0:
        raise ValueError(f"noise must be a standard deviation of at least 0, got {noise!r}")

    labels, outlines, boxes = _place_shapes(count, generator)
    images, shape_colour = _background(count, generator)
    # A pixel whose centre lies half a pixel inside the outline is covered, half a pixel outside is not.
    coverage = np.clip(0.5 - _signed_distances(labels, outlines, _pixel_centres()), 0, 1).astype(np.float32)
    coverage = coverage.reshape(count, 1, SIDE, SIDE)
    images += coverage * (shape_colour[:, :, np.newaxis, np.newaxis] - images)
    images += np.float32(noise) * generator.standard_normal(images.shape, dtype=np.float32)
    return np.clip(images, 0, 1).astype(dtype), labels, boxes.astype(dtype)


def _polygon(label):
    """Return the vertices (V, 2) of a polygon whose farthest vertex is at distance 1 from the centre."""
    if label == "cross":
        arm, end = 0.3, np.sqrt(1 - 0.3**2)
        # One arm from its inner corner round its end, turned four times.
        corners, turns = [complex(arm, -arm), complex(end, -arm), complex(end, arm)], 4
    else:
        corners, turns = {
            "square": ([1], 4),
            "triangle": ([1], 3),
            # The inner radius of the regular pentagram.
            "star": ([1, np.cos(2 * np.pi / 5) / np.cos(np.pi / 5) * np.exp(1j * np.pi / 5)], 5),
        }[label]
    points = np.concatenate([np.array(corners) * np.exp(2j * np.pi * k / turns) for k in range(turns)])
    return np.stack([points.real, points.imag], axis=-1)


def _place_shapes(count, generator):
    """Draw class, size, rotation and position.

    Returns
    -------
    labels : (N,)
    outlines : dict from label to the outlines (n, V, 2) of that class's n shapes, in pixels
        The vertices of a polygon; of a circle and a ring, two opposite corners of its box.
    boxes : (N, 4)
    """
    labels = generator.integers(len(SHAPE_CLASSES), size=count)
    radius = generator.uniform(*RADII, size=count)
    angle = generator.uniform(0, 2 * np.pi, size=count)
    # 0: as far left or up as the margin allows, 1: as far right or down.
    position = generator.uniform(size=(count, 2))

    outlines, boxes = {}, np.empty((count, 4))
    for label, name in enumerate(SHAPE_CLASSES):
        chosen = labels == label
        scale = radius[chosen, np.newaxis, np.newaxis]
        if name in ("circle", "ring"):
            vertices = scale * np.array([[-1, -1], [1, 1]])
        else:
            cosine, sine = np.cos(angle[chosen]), np.sin(angle[chosen])
            rotation = np.stack([np.stack([cosine, -sine], -1), np.stack([sine, cosine], -1)], -2)
            vertices = scale * (_polygon(name) @ rotation.swapaxes(1, 2))
        low, high = vertices.min(axis=1), vertices.max(axis=1)
        free = SIDE - 2 * MARGIN - (high - low)
        shift = MARGIN - low + position[chosen] * free
        outlines[label] = vertices + shift[:, np.newaxis]
        boxes[chosen] = np.concatenate([low + shift, high + shift], axis=1)
    return labels, outlines, boxes


def _pixel_centres():
    """Return x, y of every pixel's centre, (32 * 32, 2), row by row."""
    centres = np.arange(SIDE) + 0.5
    y, x = np.meshgrid(centres, centres, indexing="ij")
    return np.stack([x.ravel(), y.ravel()], axis=-1)


def _signed_distances(labels, outlines, points):
    """Return the signed distance of every point (P, 2) to every shape's outline, (N, P), negative inside."""
    distances = np.empty((len(labels), len(points)))
    for label, outline in outlines.items():
        name = SHAPE_CLASSES[label]
        if name in ("circle", "ring"):
            low, high = outline[:, 0], outline[:, 1]
            radius = (high[:, :1] - low[:, :1]) / 2
            from_centre = np.linalg.norm(points - ((low + high) / 2)[:, np.newaxis], axis=-1)
            distance = from_centre - radius
            if name == "ring":
                distance = np.maximum(distance, RING_HOLE * radius - from_centre)
        else:
            distance = _polygon_distance(outline, points)
        distances[labels == label] = distance
    return distances


def _polygon_distance(vertices, points):
    """Return the signed distance of points (P, 2) to polygons (N, V, 2): (N, P), negative inside.

    The distance is that to the nearest edge. A point is inside if a ray from it crosses the outline an odd
    number of times (the even-odd rule).
    """
    x, y = points[:, 0], points[:, 1]
    nearest = np.full((len(vertices), len(points)), np.inf)
    inside = np.zeros(nearest.shape, bool)
    for start, end in zip(vertices.swapaxes(0, 1), np.roll(vertices, -1, axis=1).swapaxes(0, 1), strict=True):
        (start_x, start_y), (edge_x, edge_y) = start.T[..., np.newaxis], (end - start).T[..., np.newaxis]
        right, down = x - start_x, y - start_y
        along = np.clip((right * edge_x + down * edge_y) / (edge_x**2 + edge_y**2), 0, 1)
        np.minimum(nearest, (right - along * edge_x) ** 2 + (down - along * edge_y) ** 2, out=nearest)
        # The edge crosses the point's row, to the right of the point.
        spans = (down >= 0) != (down >= edge_y)
        inside ^= spans & ((right * edge_y < down * edge_x) == (edge_y > 0))
    return np.where(inside, -1, 1) * np.sqrt(nearest)


def _background(count, generator):
    """Draw backgrounds (N, 3, 32, 32) and, for each, a colour (N, 3) that stands out from it; float32."""
    base = generator.uniform(0.1, 0.9, size=(count, 3))
    slope = generator.uniform(-0.15, 0.15, size=(count, 3, 2))
    spots = generator.uniform(-0.1, 0.1, size=(count, 3, 5, 5))
    # The farthest of eight random colours: varied, and almost surely far from the background.
    candidates = generator.uniform(size=(count, 8, 3))
    contrast = np.linalg.norm(candidates - base[:, np.newaxis], axis=-1)
    colour = candidates[np.arange(count), contrast.argmax(axis=1)]

    ramp = np.linspace(-1, 1, SIDE)
    # Linear interpolation from 5 points to 32 is a matrix; on rows and on columns it makes the spots soft.
    soften = np.stack([np.interp(np.linspace(0, 4, SIDE), np.arange(5), row) for row in np.eye(5)], axis=-1)
    image = soften @ spots @ soften.T
    image += base[..., np.newaxis, np.newaxis]
    image += (
        slope[..., 0, np.newaxis, np.newaxis] * ramp
        + slope[..., 1, np.newaxis, np.newaxis] * ramp[:, np.newaxis]
    )
    return image.astype(np.float32), colour.astype(np.float32)
