"""A small site over a real socket, for servers of ours that only answer requests."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Self

from aiohttp import web
from aiohttp.test_utils import TestServer


class Site(ABC):
    """Opened with `async with`; `url` is its address without a slash at the end."""

    @abstractmethod
    def app(self) -> web.Application:
        """Return what answers the requests."""

    async def __aenter__(self) -> Self:
        self._server = TestServer(self.app())
        await self._server.start_server()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.close()

    @property
    def url(self) -> str:
        return str(self._server.make_url("")).rstrip("/")
