// Compiled once per instruction set, with PYCLR_ISA naming it: the kernels, and the table that
// leads to them.
#include "kernels/brgemm.h"
#include "kernels/channelwise.h"
#include "kernels/few_channels.h"
#include "kernels/indices.h"
#include "kernels/normalize.h"
#include "kernels/one_channel.h"
#include "kernels/pointwise.h"
#include "kernels/pool.h"
#include "kernels/random.h"
#include "kernels/recurrent.h"
#include "kernels/reduce.h"
#include "kernels/rows.h"
#include "kernels/sparse.h"
#include "kernels/transpose.h"
#include "kernels/update.h"
#include "kernels/winograd.h"
#include "kernels/winograd_rows.h"

#define PYCLR_STRING_OF(x) #x
#define PYCLR_STRING(x) PYCLR_STRING_OF(x)

namespace pyclr::PYCLR_ISA {
namespace {

template <class T>
constexpr KernelsOf<T> kKernelsOf = {
    .brgemm = brgemm<T, false>,
    .panel = kMaxVectors * kLanes<T>,
    .channelwise = channelwise<T>,
    .transpose = transpose<T>,
    .sparse_sum = sparse_sum<T>,
    .nonzeros = nonzeros<T>,
    .pixel_sums = pixel_sums<T>,
    .one_channel_gradient = one_channel_gradient<T>,
    .add_rows = add_rows<T>,
};
constexpr Kernels kKernels = {
    .isa = PYCLR_STRING(PYCLR_ISA),
    .vector_bytes = kVectorBytes,
    .f32 = kKernelsOf<float>,
    .f64 = kKernelsOf<double>,
    .pointwise = {unary_table<float>(), unary_table<double>(), binary_table<float>(),
                  binary_table<double>(), binary_table<int32_t>(), binary_table<int64_t>(),
                  binary_table<uint8_t>(), where_row<uint8_t>, where_row<uint32_t>,
                  where_row<uint64_t>, floats_row<uint8_t>, floats_row<int32_t>},
    .reduce = {reduce_table<float>(), reduce_table<double>(), reduce_table<int32_t>(),
               reduce_table<int64_t>(), arg_table<float>(), arg_table<double>(),
               arg_table<int32_t>(), arg_table<int64_t>(), arg_table<uint8_t>()},
    .pool = {pool_table<float>(), pool_table<double>()},
    .rows = {row_table<float>(), row_table<double>()},
    .normalize = {normalize_table<float>(), normalize_table<double>()},
    .indices = {read_indices<uint8_t>, read_indices<int32_t>, read_indices<int64_t>},
    .random = {random_table<float>(), random_table<double>(), random_integers<int32_t>,
               random_integers<int64_t>},
    .recurrent = {recurrent_table<float>(), recurrent_table<double>()},
    .update = {update_table<float>(), update_table<double>()},
    .winograd = kWinograd,
    .winograd_rows = kWinogradRows,
    .one_channel_rows = one_channel_rows,
};

}  // namespace

const Kernels& kernels() { return kKernels; }

}  // namespace pyclr::PYCLR_ISA
