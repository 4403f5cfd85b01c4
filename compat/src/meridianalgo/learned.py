"""The old fronts of models and of what they compute on, answered by Ara's registered models."""

from typing import Any, Final

from ara.errors import PluginError
from meridianalgo._warning import warn
from meridianalgo.core import accuracy, predicted

__all__ = ["AccuracyTracker", "EnsembleMLSystem", "GPUManager", "LSTMModel", "check_gpu_support"]

_ENSEMBLE: Final = "default"
_LSTM: Final = "bilstm"


def check_gpu_support() -> dict[str, Any]:
    """Tell what networks would be trained on here: `available, device, name, torch`."""
    warn("check_gpu_support", "ara.models.training.devices.device()")
    return _device()


class GPUManager:
    """The old front of devices; Ara chooses the best there is by itself."""

    def __init__(self, verbose: bool = False) -> None:
        warn("GPUManager", "ara.models.training.devices.device()")
        self.verbose = verbose

    def check_gpu_support(self) -> dict[str, Any]:
        """Tell what networks would be trained on here: `available, device, name, torch`."""
        return _device()

    def get_device(self) -> str:
        """Give the name under which PyTorch knows the device; `cpu` where PyTorch is not installed."""
        return str(_device()["device"])


class EnsembleMLSystem:
    """The old front of ensembles: forecasts of Ara's ensemble `default`."""

    def __init__(self, verbose: bool = False) -> None:
        warn("EnsembleMLSystem", 'ara.predict("AAPL", model="default")')
        self.verbose = verbose

    def predict(self, symbol: str, days: int = 5) -> dict[str, Any]:
        """Forecast in the old shape."""
        return predicted(symbol, days, verbose=self.verbose, model=_ENSEMBLE)


class LSTMModel:
    """The old front of recurrent networks: forecasts of Ara's family `bilstm`, which is fitted when it is asked."""

    def __init__(self, verbose: bool = False) -> None:
        warn("LSTMModel", 'ara.predict("AAPL", model="bilstm")')
        self.verbose = verbose

    def predict(self, symbol: str, days: int = 5) -> dict[str, Any]:
        """Forecast in the old shape; needs the extra `deep`."""
        return predicted(symbol, days, verbose=self.verbose, model=_LSTM)


class AccuracyTracker:
    """The old front of the ledger's scores; `verbose` has no effect."""

    def __init__(self, verbose: bool = False) -> None:
        warn("AccuracyTracker", "ara.score()")
        self.verbose = verbose

    def analyze_accuracy(self, symbol: str | None = None) -> dict[str, Any]:
        """Score what has come due and give the counts, of one symbol or of all."""
        return accuracy(symbol)

    def validate_predictions(self) -> dict[str, Any]:
        """Score what has come due and give the counts."""
        return accuracy(None)


def _device() -> dict[str, Any]:
    try:
        from ara.models.training.devices import device
    except (ImportError, PluginError):
        return {"available": False, "device": "cpu", "name": "processor", "torch": False}
    found = device()
    return {"available": found.kind != "cpu", "device": found.torch, "name": found.name, "torch": True}
