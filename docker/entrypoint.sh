#!/bin/sh
# What a container's arguments mean, as in Fluentd's image: options alone are options of the program, anything else is a command. The
# program's own commands need not be named twice: `docker run forebay check -c …`.
set -e

case "${1-}" in
  '' | -*) set -- fluentd "$@" ;;
  run | check | route | init | health | reload | send | tail) set -- forebay "$@" ;;
esac

# Fluentd's image adds the folder of plug-ins where nobody names one.
if [ "$1" = fluentd ]; then
  case " $* " in
    *' -p'* | *' --plugin'*) ;;
    *) set -- "$@" --plugin /fluentd/plugins ;;
  esac
fi

exec "$@"
