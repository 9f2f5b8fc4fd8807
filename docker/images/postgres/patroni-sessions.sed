# Patroni's sessions with PostgreSQL are its own: what users set for the cluster, a database or a role does not apply to them
# (howdah/session_settings.py). Seen without it: with datestyle = 'German' every node's REST API fails, and HAProxy has no
# replica left. psycopg.py opens each of them; pg_rewind, a program of its own, is started in postgresql/rewind.py.
# The build fails where a newer Patroni has these places no more (docker/Dockerfile).
s/^__all__ = /from howdah import session_settings\n\n&/
s/^    ret = _connect(\*args, \*\*kwargs)$/    kwargs['options'] = session_settings.for_patroni(kwargs)\n&/
s/PGOPTIONS='-c statement_timeout=0')$/PGOPTIONS=session_settings.for_patroni(conn_kwargs))/
s/^class Rewind(object):$/from howdah import session_settings\n\n\n&/
