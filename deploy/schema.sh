#!/bin/sh
# Create Temporal's two databases, or bring them up to this release's schema; safe to repeat.
# The tool takes the password from SQL_PASSWORD.
set -eu

schema() {
    database=$1 versions=/etc/temporal/schema/postgresql/v12/$2/versioned
    sql() {
        temporal-sql-tool --plugin postgres12 --ep postgres -p 5432 -u temporal --db "$database" "$@"
    }
    sql create
    sql setup-schema -v 0.0
    sql update-schema -d "$versions"
}

schema temporal temporal
schema temporal_visibility visibility
