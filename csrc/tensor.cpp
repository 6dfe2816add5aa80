#include "tensor.h"

#include <cstdlib>
#include <map>
#include <mutex>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace pyclr {

namespace {

constexpr size_t kAlignment = 64;
// Blocks up to this many bytes in all are kept for reuse: an eager step allocates the same sizes
// again and again, and fresh pages from the system cost more than the arithmetic on them.
constexpr size_t kCacheLimit = size_t{64} << 20;

// Blocks of this many bytes and more lie on huge pages where the system gives them: the rows of a
// wide kernel are further apart than a page of memory, and every page needs an entry of its own in
// the processor's table.
constexpr size_t kHugePage = size_t{2} << 20;

void* allocate(size_t bytes) {
#if defined(__linux__)
  if (bytes >= kHugePage) {
    // Not aligned_alloc, which wants a multiple of the alignment.
    void* block = nullptr;
    if (posix_memalign(&block, kHugePage, bytes) != 0) return nullptr;
    // Advice: a refusal changes nothing. The rest of the block stays on small pages.
    madvise(block, bytes / kHugePage * kHugePage, MADV_HUGEPAGE);
    return block;
  }
#endif
  return std::aligned_alloc(kAlignment, bytes);
}

void* checked(void* block) {
  if (!block) throw std::bad_alloc();
  return block;
}

// Smaller blocks, down to this size, are cut from regions: a model's first step touches all of its
// memory for the first time, and one huge page takes far less of the system's time than 512 small
// ones. (Sanitizers see the ends of blocks of their own only.)
constexpr size_t kRegion = size_t{8} << 20;
constexpr size_t kLargestCut = kRegion / 2;
#if defined(__SANITIZE_ADDRESS__)
constexpr size_t kSmallestCut = kLargestCut + 1;
#else
constexpr size_t kSmallestCut = size_t{32} << 10;
#endif

// Blocks cut from regions, one after the other. A region lives as long as one of its blocks.
class Regions {
 public:
  void* take(size_t bytes) {
    if (room_ < bytes) {
      void* region = allocate(kRegion);
      if (!region) return nullptr;
      last_ = live_.emplace(static_cast<std::byte*>(region), 0).first;
      room_ = kRegion;
    }
    room_ -= bytes;
    ++last_->second;
    return last_->first + (kRegion - room_ - bytes);
  }

  void give(void* block) {
    auto region = std::prev(live_.upper_bound(static_cast<std::byte*>(block)));
    if (--region->second) return;
    if (region == last_) room_ = 0;
    std::free(region->first);
    live_.erase(region);
  }

 private:
  std::map<std::byte*, int64_t> live_;  // the number of blocks of each region
  std::map<std::byte*, int64_t>::iterator last_;
  size_t room_ = 0;  // in the last region
};

class BlockCache {
 public:
  void* take(size_t bytes) {
    {
      std::lock_guard lock(mutex_);
      auto it = free_.find(bytes);
      if (it != free_.end() && !it->second.empty()) {
        void* block = it->second.back();
        it->second.pop_back();
        cached_ -= bytes;
        return block;
      }
      if (is_cut(bytes)) return checked(regions_.take(bytes));
    }
    return checked(allocate(bytes));
  }

  void give(void* block, size_t bytes) {
    {
      std::lock_guard lock(mutex_);
      if (cached_ + bytes <= kCacheLimit) {
        free_[bytes].push_back(block);
        cached_ += bytes;
        return;
      }
      if (is_cut(bytes)) return regions_.give(block);
    }
    std::free(block);
  }

  void trim() {
    std::lock_guard lock(mutex_);
    for (auto& [bytes, blocks] : free_)
      for (void* block : blocks) is_cut(bytes) ? regions_.give(block) : std::free(block);
    free_.clear();
    cached_ = 0;
  }

 private:
  static bool is_cut(size_t bytes) { return bytes >= kSmallestCut && bytes <= kLargestCut; }

  std::mutex mutex_;
  Regions regions_;
  std::map<size_t, std::vector<void*>> free_;
  size_t cached_ = 0;
};

// Never destroyed: tensors may outlive static destruction when the interpreter exits.
BlockCache& block_cache() {
  static auto* cache = new BlockCache;
  return *cache;
}

size_t rounded(size_t bytes) {
  return std::max(kAlignment, (bytes + kAlignment - 1) / kAlignment * kAlignment);
}

struct DTypeInfo {
  const char* name;
  size_t size;
  int order;  // of promotion
};
constexpr DTypeInfo kDTypes[] = {{"float32", 4, 4}, {"float64", 8, 5}, {"int32", 4, 2},
                                 {"int64", 8, 3},   {"uint8", 1, 1},   {"bool", 1, 0}};
const DTypeInfo& info(DType dtype) { return kDTypes[static_cast<int>(dtype)]; }

// Products of dimensions, and bytes, have 64 bits: beyond this they could wrap around, to a storage
// that is smaller than its tensor.
constexpr int64_t kLargest = int64_t{1} << 56;

void check_size(const Shape& shape) {
  int64_t room = kLargest;
  for (int64_t dim : shape) room /= std::max<int64_t>(dim, 1);
  check(room > 0, "A tensor is too large. Received: shape=", shape);
}

Tensor without_storage(const Shape& shape, DType dtype) {
  check_size(shape);
  auto tensor = std::make_shared<TensorData>();
  tensor->shape = shape;
  tensor->dtype = dtype;
  return tensor;
}

}  // namespace

size_t size_of(DType dtype) { return info(dtype).size; }
const char* name_of(DType dtype) { return info(dtype).name; }

DType dtype_named(const std::string& name) {
  for (size_t i = 0; i < std::size(kDTypes); ++i)
    if (name == kDTypes[i].name) return static_cast<DType>(i);
  throw TypeMismatch(
      text("dtype must be one of float32, float64, int32, int64, uint8, bool. "
           "Received: dtype=",
           name));
}

DType promote(DType a, DType b) { return info(a).order >= info(b).order ? a : b; }

Shape::Shape(std::span<const int64_t> dims) {
  for (int64_t dim : dims) push_back(dim);
}

void Shape::push_back(int64_t dim) {
  check(rank_ < max_rank, "A tensor has at most ", max_rank, " dimensions.");
  check(dim >= 0, "A dimension must not be negative. Received: ", dim);
  dims_[rank_++] = dim;
}

int64_t Shape::product(int first, int last) const {
  int64_t result = 1;
  for (int axis = first; axis < last; ++axis) result *= dims_[axis];
  return result;
}

std::ostream& operator<<(std::ostream& out, const Shape& shape) {
  out << '(';
  for (int axis = 0; axis < shape.rank(); ++axis) out << (axis ? ", " : "") << shape[axis];
  return out << (shape.rank() == 1 ? ",)" : ")");
}

std::ostream& operator<<(std::ostream& out, DType dtype) { return out << name_of(dtype); }

Storage::Storage(size_t bytes, bool lasting) : bytes(rounded(bytes)) {
  if (lasting) owner.reset(checked(allocate(this->bytes)), std::free);
  void* block = lasting ? owner.get() : block_cache().take(this->bytes);
  data = static_cast<std::byte*>(block);
}

Storage::~Storage() { release(); }

void Storage::release() {
  if (data && !owner) block_cache().give(data, bytes);
  data = nullptr;
  owner.reset();
}

Tensor empty(const Shape& shape, DType dtype) {
  Tensor tensor = without_storage(shape, dtype);
  tensor->storage = std::make_shared<Storage>(tensor->bytes());
  return tensor;
}

Tensor untouched(const Shape& shape, DType dtype) {
  Tensor tensor = without_storage(shape, dtype);
  const size_t bytes = rounded(tensor->bytes());
  std::shared_ptr<void> owner(std::calloc(bytes + kAlignment, 1), std::free);
  if (!owner) throw std::bad_alloc();
  void* data = owner.get();
  size_t space = bytes + kAlignment;
  std::align(kAlignment, bytes, data, space);
  tensor->storage = std::make_shared<Storage>(data, bytes, std::move(owner));
  return tensor;
}

Tensor without_values(const Shape& shape, DType dtype) {
  Tensor tensor = without_storage(shape, dtype);
  tensor->storage = std::make_shared<Storage>(nullptr, rounded(tensor->bytes()), nullptr);
  return tensor;
}

Tensor view(const Tensor& source, const Shape& shape, int64_t byte_offset, DType dtype) {
  auto tensor = std::make_shared<TensorData>();
  tensor->shape = shape;
  tensor->dtype = dtype;
  tensor->storage = source->storage;
  tensor->offset = source->offset + byte_offset;
  return tensor;
}

void trim_memory() { block_cache().trim(); }

}  // namespace pyclr
