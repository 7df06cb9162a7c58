"""The newsroom's tools: what is wrong with the content, and what it would say."""
