#!/usr/bin/env bash
# Java for Spark 3.5: the one that is there (8, 11 or 17), else OpenJDK 17 by apt for root, else what to do about it.
set -euo pipefail

java=java
if [ -n "${JAVA_HOME:-}" ]; then java="$JAVA_HOME/bin/java"; fi

if ! command -v "$java" >/dev/null; then
    if [ -n "${JAVA_HOME:-}" ]; then
        echo "JAVA_HOME is $JAVA_HOME, but $java is not there: correct it, or unset it to use the java on PATH" >&2
        exit 1
    fi
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        echo "Spark needs Java 17 and there is no java on PATH: install it (Debian: sudo apt-get install openjdk-17-jre-headless) or set JAVA_HOME" >&2
        exit 1
    fi
    echo "Installing openjdk-17-jre-headless"
    apt-get update --quiet >/dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet openjdk-17-jre-headless >/dev/null
fi

version=$("$java" -version 2>&1 | sed -n 's/.*version "\(1\.\)\{0,1\}\([0-9]*\).*/\2/p')
case "$version" in
    8 | 11 | 17) ;;
    *)
        echo "Spark 3.5 runs on Java 8, 11 or 17, and $java is version ${version:-unknown}: set JAVA_HOME to one of them" >&2
        exit 1
        ;;
esac
