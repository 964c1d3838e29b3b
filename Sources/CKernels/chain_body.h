/* Body of chain.c: one instruction set, one scalar type (see multiversion.h and pf_chain.h). */
#include "lane_vector.h"
#include "chain_encode_body.h"
#include "chain_mixture_body.h"
#include "chain_head_body.h"
#include "chain_hint_body.h"
#include "chain_draw_body.h"
