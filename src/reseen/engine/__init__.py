"""The engine: trains whatever a `Task` describes, and imports no task.

``train`` (train_task), ``loop``, ``assemble``, ``checkpoint``, ``run`` (the run directory), ``hardware``,
``distributed``, ``embed``, ``ablation``.
"""
