"""
Turn records and traces into what people and tools read.

Each output format has its own file: ``list_*`` for signals, ``model_*`` for the signals
of one model, ``trace_*`` for a trace. ``layout`` has what text formats share, and
``trace_rows`` what the formats of a trace share. ``panel_stats`` is what the debug
toolbar stores for the panel, put together from ``panel_rows`` and ``panel_receivers``.
"""
