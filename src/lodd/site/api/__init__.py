"""The API for case-management systems, ``/api/v1/``: the same draw, by the same rules, for other programs.

Every address is an :class:`~lodd.site.api.endpoint.Endpoint` in ``addresses.ENDPOINTS``; its description (OpenAPI) is
made from the same table and the same models that read the bodies.
"""
