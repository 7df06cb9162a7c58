"""From a reader's words to an intent and an entity, or an honest refusal: small, local, without a network."""

import os

# OpenBLAS reads this when numpy is loaded. The products of one message are so small that a second thread makes them
# take four times as long, and each thread has buffers of its own.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
