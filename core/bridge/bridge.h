/* bridge.h - the worker's only way out. */
#ifndef HOKO_BRIDGE_BRIDGE_H
#define HOKO_BRIDGE_BRIDGE_H

#include "bridge/channel.h"
#include "bridge/message.h"
#include "bridge/spot.h"

#endif
