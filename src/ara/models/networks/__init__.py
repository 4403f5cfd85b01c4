"""Networks: families that read windows of features, trained with PyTorch and served without it."""

from ara.models.networks.family import SIZES, BiLstm, CnnLstm, Gru, Network, SeqToSeq, Transformer
from ara.models.networks.fused import FittedFused, Fused, fused_vectors, with_fused
from ara.models.networks.uncertainty import FittedNetworks, NetworkEnsemble, dropout_quantiles, widened

__all__ = [
    "SIZES",
    "BiLstm",
    "CnnLstm",
    "FittedFused",
    "FittedNetworks",
    "Fused",
    "Gru",
    "Network",
    "NetworkEnsemble",
    "SeqToSeq",
    "Transformer",
    "dropout_quantiles",
    "fused_vectors",
    "widened",
    "with_fused",
]
