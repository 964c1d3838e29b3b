/* Part of multiversion.h: the body once for float, once for double. No include guard on purpose. */
#define T float
#define S f32
#define PF_DOUBLE 0
#include PF_BODY
#undef T
#undef S
#undef PF_DOUBLE
#define T double
#define S f64
#define PF_DOUBLE 1
#include PF_BODY
#undef T
#undef S
#undef PF_DOUBLE
