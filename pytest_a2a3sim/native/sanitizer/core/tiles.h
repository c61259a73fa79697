// Where tiles lie: which byte of which memory of a core an address of this process stands for.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <unordered_map>
#include <vector>

#include "a2a3sim/recorder.h"

namespace a2a3sim {

class Tiles {
  public:
    /// Bytes of one tile, or of several that lie in the same array.
    struct Region {
        uint64_t begin;  // addresses
        uint64_t end;
        int32_t space;    // a2a3_space
        uint64_t offset;  // of the first byte in its memory
        int32_t tile;     // number of the tile whose elements these alone are; -1: of any

        uint64_t size() const { return end - begin; }
    };
    struct Tile {
        int32_t space;
        uint64_t offset;
        uint64_t bytes;
    };

    explicit Tiles(a2a3_core_recorder& recorder) : recorder_(recorder) {}

    /// Forgets all tiles.
    void clear();

    /// Learns where a tile lies. Throws std::bad_alloc.
    Tile add(const a2a3_tile& tile);

    /// Forgets those of their own bytes that lie in a range: what was there has ended.
    void end(uint64_t begin, uint64_t end);

    /// Null where there is no tile.
    const Region* find(uint64_t address) const {
        if (last_found_ != nullptr && address - last_found_->begin < last_found_->size()) {
            return last_found_;
        }
        return last_found_ = look_up(address);
    }

    /// Notes that the running instruction has accessed bytes of a region.
    void mark(uint64_t address, uint64_t size, bool writes);

    /// Bytes that the running instruction has accessed.
    struct Touched {
        const Region* region;
        uint64_t begin;  // addresses
        uint64_t end;
        bool writes;
    };
    /// Those that are next to each other, and in the same tiles, are together.
    std::vector<Touched> touched();

    /// A tile that contains both ranges of a memory.
    bool is_one_tile(int32_t space, uint64_t begin, uint64_t end, uint64_t other_begin,
                     uint64_t other_end) const;

  private:
    using Range = std::array<uint64_t, 3>;

    const Region* look_up(uint64_t address) const;
    int32_t place(const a2a3_tile& tile, Tile& placed) const;
    void insert(Region region);
    void add_touched(const Region& region, uint64_t begin, uint64_t end, bool writes,
                     std::vector<Touched>& all) const;
    void add_touched_pages(const std::set<uint64_t>& numbers, bool writes,
                           std::vector<Touched>& all);
    void set_states(uint64_t begin, uint64_t end, a2a3_byte_state state);
    a2a3_byte_state* states_at(uint64_t address);

    a2a3_core_recorder& recorder_;
    std::map<uint64_t, Region> regions_;  // by their ends
    std::set<Range> tiles_;               // by space, begin and end, as offsets
    std::set<Range> edges_;               // where tiles begin and end, by space
    std::set<uint64_t> shared_;           // numbers of pages that mark() was told of
    std::map<int32_t, uint64_t> arrays_;  // where those of the core begin, by their memory
    std::unordered_map<uint64_t, std::unique_ptr<a2a3_byte_state[]>> pages_;  // by their number
    int32_t last_tile_ = -1;
    mutable const Region* last_found_ = nullptr;
    uint64_t last_number_ = 0;  // of a page
    a2a3_byte_state* last_states_ = nullptr;
};

}  // namespace a2a3sim
