"""What the training loop asks of a network beside being a module."""

from torch import Tensor, nn

__all__ = ["Learner"]


class Learner(nn.Module):
    """A network that can be trained by the loop: windows in, outputs by name.

    Parameters
    ----------
    centre, spread
        `[F]`: medians and typical deviations of the features in the training rows.
    """

    centre: Tensor
    spread: Tensor

    def __init__(self, centre: Tensor, spread: Tensor) -> None:
        super().__init__()
        self.register_buffer("centre", centre)
        self.register_buffer("spread", spread)
        self.spare = False

    def taken(self, x: Tensor) -> Tensor:
        """Give values `[..., F]` as the network takes them in: each by itself, so once for all that hold it."""
        return x

    def told(self, x: Tensor) -> dict[str, Tensor]:
        """Give what `forward` gives, of windows whose values are taken in already."""
        outputs: dict[str, Tensor] = self(x)
        return outputs

    def adapt(self, gap: float) -> None:
        """Hear, after each epoch, by which share the loss on the validation rows exceeds that in training."""
