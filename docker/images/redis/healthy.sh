#!/bin/bash
# PONG, and neither NOAUTH nor LOADING.
[ "$(REDISCLI_AUTH=$(cat /run/howdah/redis_password) redis-cli ping 2>/dev/null)" = PONG ]
