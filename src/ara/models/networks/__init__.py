"""Networks: families that read windows of features, trained with PyTorch and served without it."""

from ara.models.networks.family import SIZES, BiLstm, CnnLstm, Gru, Network, SeqToSeq, Transformer
from ara.models.networks.uncertainty import FittedNetworks, NetworkEnsemble, dropout_quantiles, widened

__all__ = [
    "SIZES",
    "BiLstm",
    "CnnLstm",
    "FittedNetworks",
    "Gru",
    "Network",
    "NetworkEnsemble",
    "SeqToSeq",
    "Transformer",
    "dropout_quantiles",
    "widened",
]
