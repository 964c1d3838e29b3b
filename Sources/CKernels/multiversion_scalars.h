/* Part of multiversion.h: the body once for float, once for double. No include guard on purpose. */
#define T float
#define S f32
#include PF_BODY
#undef T
#undef S
#define T double
#define S f64
#include PF_BODY
#undef T
#undef S
