"""`GRUNetwork`, `BiLSTM` and `Seq2Seq`: networks that read a window bar by bar."""

import torch
from torch import Tensor, nn

from ara.models.networks.layers import Forecaster, Outlook, Pool, VariationalDropout, stacked

__all__ = ["BiLSTM", "GRUNetwork", "Seq2Seq"]


class GRUNetwork(Forecaster):
    """Gated recurrent units over the window; the state at the last bar, beside that bar itself, tells the quantiles.

    Parameters
    ----------
    centre, spread, usual
        As in `Forecaster` and `Outlook`.
    width
        Units of a layer.
    depth
        Layers.
    drop
        Rate of the dropout before each layer.
    """

    def __init__(self, centre: Tensor, spread: Tensor, usual: Tensor, *, width: int, depth: int, drop: float) -> None:
        super().__init__(centre, spread)
        self.enter = nn.Linear(len(centre), width)
        self.layers = stacked(nn.GRU, [(width, width)] * depth, both=False)
        self.drop = VariationalDropout(drop)
        self.now = nn.Sequential(nn.Linear(2 * width, width), nn.GELU())
        self.outlook = Outlook(width, usual)

    def read(self, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Give the state at the last bar."""
        x = self.enter(x)
        seen = x
        for layer in self.layers:
            seen = self.passed(lambda before, layer=layer: layer(self.drop(before))[0], seen)
        return self.now(torch.cat([seen[:, -1], x[:, -1]], dim=1)), {}


class BiLSTM(Forecaster):
    """LSTMs that read the window both ways, each added to what it read, and attention over the bars at the end.

    Parameters
    ----------
    centre, spread, usual
        As in `Forecaster` and `Outlook`.
    width
        Of a bar's state, even; each way has half as many units.
    depth
        Layers.
    drop
        Rate of the variational dropout.
    """

    def __init__(self, centre: Tensor, spread: Tensor, usual: Tensor, *, width: int, depth: int, drop: float) -> None:
        super().__init__(centre, spread)
        self.enter = nn.Linear(len(centre), width)
        self.layers = stacked(nn.LSTM, [(width, width // 2)] * depth, both=True)
        self.drop = VariationalDropout(drop)
        self.pool = Pool(width)
        self.now = nn.Sequential(nn.Linear(2 * width, width), nn.GELU())
        self.outlook = Outlook(width, usual)

    def read(self, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Give what attention gathers and the last bar's state, and `attention` `[n, length]`."""
        x = self.enter(x)
        for layer in self.layers:
            x = self.passed(lambda before, layer=layer: before + layer(self.drop(before))[0], x)
        gathered, weights = self.pool(x)
        return self.now(torch.cat([gathered, x[:, -1]], dim=1)), {"attention": weights}


class Seq2Seq(Forecaster):
    """An encoder reads the window; a decoder steps from horizon to horizon and looks back at the bars at each.

    Parameters
    ----------
    centre, spread, usual
        As in `Forecaster` and `Outlook`.
    width
        Units.
    depth
        Layers of the encoder.
    drop
        Rate of the dropout.
    """

    def __init__(self, centre: Tensor, spread: Tensor, usual: Tensor, *, width: int, depth: int, drop: float) -> None:
        super().__init__(centre, spread)
        self.enter = nn.Linear(len(centre), width)
        self.layers = stacked(nn.GRU, [(width, width)] * depth, both=False)
        self.drop = VariationalDropout(drop)
        self.steps = nn.Parameter(0.1 * torch.randn(len(usual), width))
        self.decode = nn.GRUCell(2 * width, width)
        self.look = nn.Linear(width, width)
        self.outlook = Outlook(width, usual, apart=True)

    def read(self, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Give a state for each horizon, and `attention` `[n, H, length]`."""
        seen = x = self.enter(x)
        for layer in self.layers:
            seen = self.passed(lambda before, layer=layer: layer(self.drop(before))[0], seen)
        seen = seen + x
        state, states, looked = seen[:, -1], [], []
        for step in self.steps:
            fit = (seen * self.look(state)[:, None]).sum(dim=2) / seen.shape[2] ** 0.5
            weights = torch.softmax(fit, dim=1)
            gathered = (weights[:, :, None] * seen).sum(dim=1)
            state = self.decode(torch.cat([gathered, step.expand_as(gathered)], dim=1), state)
            states.append(state)
            looked.append(weights)
        return torch.stack(states, dim=1), {"attention": torch.stack(looked, dim=1)}
