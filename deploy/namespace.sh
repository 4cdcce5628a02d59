#!/bin/sh
# Make the namespace and register the search attributes of recordings; safe to repeat.
# The temporal command reads TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE.
set -eu

temporal operator cluster health
temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
    temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention 30d

# The server learns of a new namespace when it next refreshes its list, which takes seconds.
tries=60
until temporal operator search-attribute list >/dev/null 2>&1; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || { echo "namespace $TEMPORAL_NAMESPACE does not appear" >&2; exit 1; }
    sleep 1
done
temporal operator search-attribute create \
    --name RecordingVendor --type Keyword \
    --name RecordingAccount --type Keyword \
    --name RecordingRoom --type Keyword \
    --name RecordingState --type Keyword \
    --name RecordingEndReason --type Keyword \
    --name RecordingTaskId --type KeywordList \
    --name RecordingNeedsAttention --type Bool
