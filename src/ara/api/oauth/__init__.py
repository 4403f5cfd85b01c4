"""OAuth 2.0 for programs of third parties: the page on which users say yes, and the paths that programs ask."""

from ara.api.oauth.authorize import router as authorize
from ara.api.oauth.routes import router

__all__ = ["authorize", "router"]
