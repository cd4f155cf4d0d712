"""Weights from which networks of every depth learn."""

__all__ = ["initialize"]


def initialize(network, generator):
    """Draw the parameters of `network` anew, so that signals keep their size from layer to layer.

    - The weights of convolutions and linear layers are normal with variance 2 / fan_in, their biases 0. As PyTorch's
      layers begin, each under ReLU divides the variance by six, and a plain network of 19 layers, such as VGG-19, hardly
      learns.
    - The branch called "residual" of a ``Sum`` begins at zero: the last of its own layers that has a weight, be it a
      normalization or a convolution, gets weight 0, so that at first a block hands on what comes by the shortcut. With
      residuals at random a network of 200 layers hardly learns in its first epoch.
    - Everything else begins as PyTorch's layers do: normalization with weight 1 and bias 0.

    Parameters
    ----------
    network : dlcore.scratch.nn.Module or torch.nn.Module
    generator : numpy.random.Generator or torch.Generator
        Of the network's backend; the same state gives the same network.

    Returns
    -------
    The network itself.

    Raises
    ------
    TypeError
        A network or a generator of another kind.

    Source: He, Zhang, Ren and Sun, "Delving deep into rectifiers" (2015), equation 10; for the residuals Goyal et al.,
    "Accurate, large minibatch SGD: training ImageNet in 1 hour" (2017), section 5.1.
    """
    from ..backends import backend_of  # here, so that reading networks needs no NumPy

    backend = backend_of(network)
    backend.nn.reset_parameters(network, generator)
    for layer in network.modules():
        weight, bias = getattr(layer, "weight", None), getattr(layer, "bias", None)
        if weight is not None and weight.ndim > 1:
            backend.initialization.kaiming_normal_(weight, nonlinearity="relu", generator=generator)
            if bias is not None:
                backend.initialization.zeros_(bias)
    for layer in network.modules():
        residual = getattr(layer, "residual", None) if isinstance(layer, backend.nn.Sum) else None
        if residual is not None:
            weighted = [part for part in residual.children() if getattr(part, "weight", None) is not None]
            if weighted:
                backend.initialization.zeros_(weighted[-1].weight)
    return network
