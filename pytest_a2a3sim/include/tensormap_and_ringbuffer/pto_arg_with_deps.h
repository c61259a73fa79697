// Orchestrations that name their dependencies include this besides, or instead.
#include "pto_orchestration_api.h"
