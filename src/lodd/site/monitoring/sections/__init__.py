"""Monitoring's sections: each module turns the numbers of one question into sentences, tables and figures."""
