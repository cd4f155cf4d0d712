"""What papers and reference implementations print about the networks, each figure with its source."""

from dataclasses import dataclass

__all__ = ["PUBLISHED", "Published", "Variant"]


@dataclass(frozen=True)
class Variant:
    """A network with other options than its defaults, such as the form in which the paper counted it.

    Attributes
    ----------
    options : dict
        The arguments of the network's function that differ from its defaults, by name.
    multiply_adds, multiply_adds_source, multiply_adds_note
        As for :class:`Published`.
    """

    options: dict
    multiply_adds: float
    multiply_adds_source: str
    multiply_adds_note: str = ""


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
    variants : tuple of Variant
        The same network with other options, where multiply-adds are printed for it.
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
    variants: tuple[Variant, ...] = ()


RESNET = "He, Zhang, Ren and Sun, Deep residual learning for image recognition, 2016"
PREACT_RESNET = "He, Zhang, Ren and Sun, Identity mappings in deep residual networks, 2016"
RESNEXT = (
    "Xie, Girshick, Dollár, Tu and He, Aggregated residual transformations for deep neural networks, 2017"
)
DENSENET = "Huang, Liu, van der Maaten and Weinberger, Densely connected convolutional networks, 2017"
SENET = "Hu, Shen and Sun, Squeeze-and-excitation networks, 2018"
LENET = "LeCun, Bottou, Bengio and Haffner, Gradient-based learning applied to document recognition, 1998"
ALEXNET = (
    "Krizhevsky, Sutskever and Hinton, ImageNet classification with deep convolutional neural networks, 2012"
)
ZFNET = "Zeiler and Fergus, Visualizing and understanding convolutional networks, 2014"
VGG = "Simonyan and Zisserman, Very deep convolutional networks for large-scale image recognition, 2015"
VGG_BN = f"{VGG}; with batch normalization, which Ioffe and Szegedy published in 2015"
NIN = "Lin, Chen and Yan, Network in network, 2014"
INCEPTION_V4 = (
    "Szegedy, Ioffe, Vanhoucke and Alemi, Inception-v4, Inception-ResNet and the impact of residual connections on "
    "learning, 2017"
)

PUBLISHED = {
    # LeNet-5
    "lenet5": Published(
        "LeNet-5", LENET, 1998, (1, 32, 32), 61_706,
        "the sizes in Zhang, Lipton, Li and Smola, Dive into deep learning, chapter Convolutional neural networks, "
        "added up; the network of 1998 has 60,000, and lenet5 says where the others come from",
    ),
    # AlexNet, ZFNet
    "alexnet": Published(
        "AlexNet", ALEXNET, 2012, (3, 224, 224), 60_965_224,
        "the sizes in the paper's section 3.5 and figure 2 added up; the paper prints 60 million",
        720e6, "Howard et al., MobileNets, 2017, table 9",
    ),
    "zfnet": Published(
        "ZFNet", ZFNET, 2013, (3, 224, 224), 62_357_608, "pytorchcv 0.0.74, zfnet",
        1170.33e6, "pytorchcv 0.0.74, table of models",
    ),
    # VGG, NIN
    "vgg11": Published(
        "VGG-11", VGG, 2014, (3, 224, 224), 132_863_336,
        "torchvision 0.28, vgg11; 133 million in the paper's table 2",
        7.61e9, "torchvision 0.28, table of weights",
    ),
    "vgg13": Published(
        "VGG-13", VGG, 2014, (3, 224, 224), 133_047_848,
        "torchvision 0.28, vgg13; 133 million in the paper's table 2",
        11.31e9, "torchvision 0.28, table of weights",
    ),
    "vgg16": Published(
        "VGG-16", VGG, 2014, (3, 224, 224), 138_357_544,
        "torchvision 0.28, vgg16; 138 million in the paper's table 2",
        15.3e9, "He et al., Deep residual learning for image recognition, 2016, section 4.1",
        "the convolutions alone are 15.35e9, which is what that paper seems to count here; its 19.6e9 for VGG-19 "
        "includes the fully connected layers",
    ),
    "vgg19": Published(
        "VGG-19", VGG, 2014, (3, 224, 224), 143_667_240,
        "torchvision 0.28, vgg19; 144 million in the paper's table 2",
        19.6e9, "He et al., Deep residual learning for image recognition, 2016, section 4.1",
    ),
    "vgg11_bn": Published(
        "VGG-11 with batch normalization", VGG_BN, 2015, (3, 224, 224), 132_868_840,
        "torchvision 0.28, vgg11_bn",
        7.61e9, "torchvision 0.28, table of weights",
    ),
    "vgg13_bn": Published(
        "VGG-13 with batch normalization", VGG_BN, 2015, (3, 224, 224), 133_053_736,
        "torchvision 0.28, vgg13_bn",
        11.31e9, "torchvision 0.28, table of weights",
    ),
    "vgg16_bn": Published(
        "VGG-16 with batch normalization", VGG_BN, 2015, (3, 224, 224), 138_365_992,
        "torchvision 0.28, vgg16_bn",
        15.47e9, "torchvision 0.28, table of weights",
    ),
    "vgg19_bn": Published(
        "VGG-19 with batch normalization", VGG_BN, 2015, (3, 224, 224), 143_678_248,
        "torchvision 0.28, vgg19_bn",
        19.63e9, "torchvision 0.28, table of weights",
    ),
    "nin": Published(
        "NIN", NIN, 2013, (3, 224, 224), 7_595_176,
        "the sizes in the authors' definition, NIN-Imagenet of the Caffe model zoo, added up; "
        "their file of weights, 4 bytes each, has 29 MB",
    ),
    # GoogLeNet, Inception v2 and v3
    "googlenet": Published(
        "GoogLeNet", "Szegedy et al., Going deeper with convolutions, 2015", 2014, (3, 224, 224), 13_378_280,
        "table 1 of the paper and the two heads of its section 5, with biases; without heads 6,998,552, as netscope "
        "counts Caffe's bvlc_googlenet",
        1.5e9, "the paper's section 1, and the sum of its table 1: 1,502 million",
        "Table 1 prints 34 million for the first layer, which as an ordinary 7 x 7 convolution takes 118 million. 34 "
        "million, and the 2.7K parameters beside them, are those of a separable convolution with depth multiplier 8, "
        "which Ioffe and Szegedy (2015) say they use there. All other rows agree, but 5a: 54 million are printed, its "
        "columns give 51.",
    ),
    "inception_v2": Published(
        "BN-Inception (Inception v2)", "Ioffe and Szegedy, Batch normalization, 2015", 2015, (3, 224, 224), 11_285_224,
        "pytorchcv 0.0.74, bninception: 11,295,240, less the 10,016 biases of its convolutions. The 13.6 million of "
        "the paper's section 4.2 are not those of its figure 5: there, up to 128 filters; in the figure, up to 256",
        2.0e9, "Szegedy et al., Rethinking the Inception architecture for computer vision, 2016, table 3",
    ),
    "inception_v3": Published(
        "Inception v3", "Szegedy et al., Rethinking the Inception architecture for computer vision, 2016", 2015,
        (3, 299, 299), 27_161_264, "torchvision 0.28, inception_v3; without the head 23,834,568",
        4.8e9, "the paper's table 3; its abstract says 5 billion",
        "The released network, which is built here and for which torchvision states 5.713 billion, is not that of the "
        "paper's table 1: its first layers differ, and table 1 does not print all widths.",
    ),
    # Inception v4 and Inception-ResNet v2
    "inception_v4": Published(
        "Inception-v4", INCEPTION_V4, 2016, (3, 299, 299), 42_679_816,
        "timm 1.0.31, inception_v4; pytorchcv 0.0.74, inceptionv4",
    ),
    "inception_resnet_v2": Published(
        "Inception-ResNet-v2", INCEPTION_V4, 2016, (3, 299, 299), 55_843_464,
        "timm 1.0.31, inception_resnet_v2; pytorchcv 0.0.74, inceptionresnetv2",
    ),
    # ResNet, pre-activation ResNet, ResNeXt
    "resnet18": Published(
        "ResNet-18", RESNET, 2015, (3, 224, 224), 11_689_512, "torchvision 0.28, resnet18",
        1.8e9, "the paper's table 1",
    ),
    "resnet34": Published(
        "ResNet-34", RESNET, 2015, (3, 224, 224), 21_797_672, "torchvision 0.28, resnet34",
        3.6e9, "the paper's table 1",
        "the paper counts it without projections (figure 3; option A), which have 19 million: 3.64e9 instead of 3.66e9",
    ),
    "resnet50": Published(
        "ResNet-50", RESNET, 2015, (3, 224, 224), 25_557_032, "torchvision 0.28, resnet50",
        4.1e9, f"{RESNEXT}, table 1",
        variants=(
            Variant(
                {"stride_on": "1x1"}, 3.8e9, "the paper's table 1",
                "its sizes add up to 3.858e9; Hu, Shen and Sun, 2018, table 2, print 3.86e9",
            ),
        ),
    ),
    "resnet101": Published(
        "ResNet-101", RESNET, 2015, (3, 224, 224), 44_549_160, "torchvision 0.28, resnet101",
        7.8e9, f"{RESNEXT}, table 3",
        variants=(Variant({"stride_on": "1x1"}, 7.6e9, "the paper's table 1"),),
    ),
    "resnet152": Published(
        "ResNet-152", RESNET, 2015, (3, 224, 224), 60_192_808, "torchvision 0.28, resnet152",
        11.5e9, "the authors' models for Radosavovic et al., Designing network design spaces, 2020 (pycls, model zoo)",
        variants=(Variant({"stride_on": "1x1"}, 11.3e9, "the paper's table 1"),),
    ),
    "resnet200": Published(
        "ResNet-200", f"{PREACT_RESNET}, for the depth", 2016, (3, 224, 224), 64_673_832, "timm 1.0.31, resnet200",
    ),
    "preact_resnet18": Published(
        "pre-activation ResNet-18", PREACT_RESNET, 2016, (3, 224, 224), 11_687_720, "timm 1.0.31, resnetv2_18",
        1820.56e6, "pytorchcv 0.0.74, table of models (preresnet18)",
    ),
    "preact_resnet50": Published(
        "pre-activation ResNet-50", PREACT_RESNET, 2016, (3, 224, 224), 25_549_352, "timm 1.0.31, resnetv2_50",
        4107.97e6, "pytorchcv 0.0.74, table of models (preresnet50b)",
        variants=(
            Variant({"stride_on": "1x1"}, 3875.44e6, "pytorchcv 0.0.74, table of models (preresnet50)"),
        ),
    ),
    "resnext50_32x4d": Published(
        "ResNeXt-50 (32x4d)", RESNEXT, 2016, (3, 224, 224), 25_028_904, "torchvision 0.28, resnext50_32x4d",
        4.2e9, "the paper's table 1",
    ),
    # DenseNet, SE-ResNet
    "densenet121": Published(
        "DenseNet-121", DENSENET, 2016, (3, 224, 224), 7_978_856, "torchvision 0.28, densenet121",
        2.83e9, "torchvision 0.28, table of weights",
    ),
    "densenet161": Published(
        "DenseNet-161", DENSENET, 2016, (3, 224, 224), 28_681_000, "torchvision 0.28, densenet161",
        7.73e9, "torchvision 0.28, table of weights",
    ),
    "densenet169": Published(
        "DenseNet-169", DENSENET, 2016, (3, 224, 224), 14_149_480, "torchvision 0.28, densenet169",
        3.36e9, "torchvision 0.28, table of weights",
    ),
    "densenet201": Published(
        "DenseNet-201", DENSENET, 2016, (3, 224, 224), 20_013_928, "torchvision 0.28, densenet201",
        4.29e9, "torchvision 0.28, table of weights",
    ),
    "se_resnet50": Published(
        "SE-ResNet-50", SENET, 2017, (3, 224, 224), 28_088_024,
        "pytorchcv 0.0.74, seresnet50; the paper prints 28.1 million",
        3.87e9, "the paper's table 2",
    ),
    # SqueezeNet
    "squeezenet1_0": Published(
        "SqueezeNet",
        "Iandola, Han, Moskewicz, Ashraf, Dally and Keutzer, SqueezeNet: AlexNet-level accuracy with 50x fewer "
        "parameters and <0.5MB model size, 2016",
        2016, (3, 227, 227), 1_248_424, "torchvision 0.28, squeezenet1_0",
        1.72e9 / 2, "the authors' repository, SqueezeNet_v1.1: 1.72 GFLOPS, two for each multiply-add",
        "The authors' network pads the last convolution, so that it makes 15 x 15 scores of 13 x 13 positions: 861 "
        "million. Ours and torchvision's do not pad.",
    ),
    "squeezenet1_1": Published(
        "SqueezeNet v1.1",
        "the authors of SqueezeNet, https://github.com/forresti/SqueezeNet, 2016",
        2016, (3, 227, 227), 1_235_496, "torchvision 0.28, squeezenet1_1",
        0.72e9 / 2, "the authors' repository, SqueezeNet_v1.1: 0.72 GFLOPS, two for each multiply-add",
        "The authors' own network comes to 14 x 14 positions from fire6 on, as ours: 388 million, or 0.78 GFLOPS. How "
        "0.72 was counted is not said; with 13 x 13, as at the end of version 1.0, it would be 358 million.",
    ),
    # MobileNet
    "mobilenet_v1": Published(
        "MobileNet",
        "Howard et al., MobileNets: Efficient convolutional neural networks for mobile vision applications, 2017",
        2017, (3, 224, 224), 4_231_976, "pytorchcv 0.0.74, mobilenet_w1", 569e6, "the paper's table 4",
    ),
    "mobilenet_v2": Published(
        "MobileNetV2",
        "Sandler, Howard, Zhu, Zhmoginov and Chen, MobileNetV2: Inverted residuals and linear bottlenecks, 2018",
        2018, (3, 224, 224), 3_504_872, "torchvision 0.28, mobilenet_v2", 300e6, "the paper's table 4",
    ),
    # ShuffleNet
    "shufflenet_v1": Published(
        "ShuffleNet 1x (g = 3)",
        "Zhang, Zhou, Lin and Sun, ShuffleNet: An extremely efficient convolutional neural network for mobile devices, "
        "2018",
        2017, (3, 224, 224), 1_865_728, "pytorchcv 0.0.74, shufflenet_g3_w1", 137e6, "the paper's table 1",
    ),
    "shufflenet_v2_x1_0": Published(
        "ShuffleNet v2 1x",
        "Ma, Zhang, Zheng and Sun, ShuffleNet V2: Practical guidelines for efficient CNN architecture design, 2018",
        2018, (3, 224, 224), 2_278_604, "torchvision 0.28, shufflenet_v2_x1_0", 146e6, "the paper's table 5",
    ),
}  # fmt: skip
"""By the name of the function, in the order of the book."""
