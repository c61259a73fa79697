// Generated orchestrations include this besides pto_orchestration_api.h.
#include "pto_orchestration_api.h"
