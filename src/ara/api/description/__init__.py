"""The description of the service (OpenAPI 3.1): what FastAPI says of the paths, and examples that work as they are."""

from ara.api.description.document import Described, call_of, operations

__all__ = ["Described", "call_of", "operations"]
