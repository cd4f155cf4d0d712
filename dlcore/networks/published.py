"""What papers and reference implementations print about the networks, each figure with its source."""

from dataclasses import dataclass

__all__ = ["PUBLISHED", "Published"]


@dataclass(frozen=True)
class Published:
    """One network as it was published.

    Attributes
    ----------
    title : str
        As the paper writes it.
    paper : str
        Authors, title and year.
    year : int
        When it became public.
    input_shape : tuple of int
        (C, H, W) of the images it was made for.
    parameters : int
        Of the whole network, heads included that only help to train.
    parameters_source : str
        Who says so: a paper, or an implementation and its version.
    multiply_adds : float or None
        For one image of `input_shape`, in evaluation, as printed; None where no figure is printed.
    multiply_adds_source : str
        Where it is printed.
    multiply_adds_note : str
        Why ours differs by more than 1 %, if it does.
    """

    title: str
    paper: str
    year: int
    input_shape: tuple[int, int, int]
    parameters: int
    parameters_source: str
    multiply_adds: float | None = None
    multiply_adds_source: str = ""
    multiply_adds_note: str = ""


RESNET = "He, Zhang, Ren and Sun, Deep residual learning for image recognition, 2016"

PUBLISHED = {
    # LeNet-5
    # AlexNet, ZFNet
    # VGG, NIN
    # GoogLeNet, Inception v2 and v3
    # Inception v4 and Inception-ResNet v2
    # ResNet, pre-activation ResNet, ResNeXt
    "resnet18": Published(
        "ResNet-18", RESNET, 2015, (3, 224, 224), 11_689_512, "torchvision 0.28, resnet18",
        1.8e9, "the paper's table 1",
    ),
    # DenseNet, SE-ResNet
    # SqueezeNet
    # MobileNet
    # ShuffleNet
}  # fmt: skip
"""By the name of the function, in the order of the book."""
