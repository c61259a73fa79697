#include "sanitizer/core/tiles.h"

#include <algorithm>

namespace a2a3sim {

namespace {

/// Whether a tile in an array of the core was placed by an address in it, and not by an offset.
bool is_placed_by_address(const a2a3_tile& tile) {
    return tile.has_own_bytes == 0 && tile.place == tile.address;
}

/// Whether a region is the same one, or continues it in the same array.
bool goes_on(const Tiles::Region* open, const Tiles::Region& region) {
    return open == &region ||
           (open != nullptr && open->tile < 0 && region.tile < 0 && open->space == region.space &&
            region.begin - open->begin == region.offset - open->offset);
}

uint64_t number_of(uint64_t address) { return address >> A2A3_TILE_PAGE_SHIFT; }

}  // namespace

void Tiles::clear() {
    for (const auto& [end, region] : regions_) set_states(region.begin, region.end, A2A3_NO_TILE);
    regions_.clear();
    last_found_ = nullptr;
    tiles_.clear();
    edges_.clear();
    arrays_.clear();
    last_tile_ = -1;
}

a2a3_byte_state* Tiles::states_at(uint64_t address) {
    const uint64_t number = number_of(address);
    if (number == last_number_) return last_states_ + address % A2A3_TILE_PAGE;
    auto& page = pages_[number];
    if (page == nullptr) {
        page = std::make_unique<a2a3_byte_state[]>(A2A3_TILE_PAGE);
        std::fill_n(page.get(), A2A3_TILE_PAGE, A2A3_NO_TILE);
        a2a3_tile_page& slot = recorder_.pages[number % A2A3_TILE_PAGES];
        slot.number = slot.number == 0 ? number : A2A3_SEVERAL_PAGES;
        slot.states = page.get();
    }
    last_number_ = number;
    last_states_ = page.get();
    return last_states_ + address % A2A3_TILE_PAGE;
}

void Tiles::set_states(uint64_t begin, uint64_t end, a2a3_byte_state state) {
    while (begin < end) {
        const uint64_t part = std::min(end - begin, A2A3_TILE_PAGE - begin % A2A3_TILE_PAGE);
        std::fill_n(states_at(begin), part, state);
        begin += part;
    }
}

int32_t Tiles::place(const a2a3_tile& tile, Tile& placed) const {
    if (const Region* const viewed = find(tile.place); viewed != nullptr) {
        placed.space = viewed->space;
        placed.offset = viewed->offset + (tile.place - viewed->begin);
        return viewed->tile;
    }
    const auto array = arrays_.find(tile.space);
    if (is_placed_by_address(tile) && array != arrays_.end()) {
        placed.offset = tile.address - array->second;
    }
    return -1;
}

void Tiles::insert(Region region) {
    last_found_ = nullptr;
    // Other tiles in the same array have given some of its bytes the very same places.
    for (uint64_t begin = region.begin; begin < region.end;) {
        const auto next = regions_.upper_bound(begin);
        const uint64_t free_until = next == regions_.end() ? region.end : next->second.begin;
        if (begin < free_until) {
            Region part = region;
            part.begin = begin;
            part.end = std::min(region.end, free_until);
            part.offset = region.offset + (begin - region.begin);
            regions_.emplace_hint(next, part.end, part);
            set_states(part.begin, part.end, 0);
            begin = part.end;
        } else {
            begin = next->second.end;
        }
    }
}

Tiles::Tile Tiles::add(const a2a3_tile& tile) {
    Tile placed{tile.space, tile.place, tile.bytes};
    int32_t number = place(tile, placed);
    if (tile.has_own_bytes != 0) {
        if (number < 0) number = ++last_tile_;
        end(tile.address, tile.address + tile.bytes);
    } else if (!is_placed_by_address(tile)) {
        arrays_[tile.space] = tile.address - tile.place;
    }
    insert({tile.address, tile.address + tile.bytes, placed.space, placed.offset, number});
    const auto space = static_cast<uint64_t>(placed.space);
    const uint64_t end = placed.offset + placed.bytes;
    tiles_.insert({space, placed.offset, end});
    edges_.insert({space, placed.offset, 0});
    edges_.insert({space, end, 0});
    return placed;
}

void Tiles::end(uint64_t begin, uint64_t end) {
    last_found_ = nullptr;
    for (auto at = regions_.upper_bound(begin); at != regions_.end() && at->second.begin < end;) {
        const Region& region = at->second;
        if (region.tile < 0) {
            ++at;
            continue;
        }
        set_states(region.begin, region.end, A2A3_NO_TILE);
        at = regions_.erase(at);
    }
}

const Tiles::Region* Tiles::look_up(uint64_t address) const {
    const auto found = regions_.upper_bound(address);
    return found != regions_.end() && found->second.begin <= address ? &found->second : nullptr;
}

void Tiles::mark(uint64_t address, uint64_t size, bool writes) {
    const a2a3_byte_state bit = writes ? A2A3_STATE_WRITTEN : A2A3_STATE_READ;
    const auto first = static_cast<a2a3_byte_state>(recorder_.first);
    while (size > 0) {
        const uint64_t part = std::min(size, A2A3_TILE_PAGE - address % A2A3_TILE_PAGE);
        a2a3_byte_state* const states = states_at(address);
        for (uint64_t i = 0; i < part; ++i) {
            states[i] = (states[i] >= first ? states[i] : first) | bit;
        }
        shared_.insert(number_of(address));
        address += part;
        size -= part;
    }
}

void Tiles::add_touched(const Region& region, uint64_t begin, uint64_t end, bool writes,
                        std::vector<Touched>& all) const {
    const auto space = static_cast<uint64_t>(region.space);
    while (begin < end) {
        const uint64_t offset = region.offset + (begin - region.begin);
        const uint64_t last = offset + (end - begin);
        uint64_t until = last;
        if (region.tile < 0) {
            // Tiles in one array that lie next to each other are apart.
            auto edge = edges_.upper_bound({space, offset, 0});
            while (edge != edges_.end() && (*edge)[0] == space && (*edge)[1] < last &&
                   is_one_tile(region.space, offset, offset + 1, offset, (*edge)[1] + 1)) {
                ++edge;
            }
            if (edge != edges_.end() && (*edge)[0] == space) until = std::min(last, (*edge)[1]);
        }
        all.push_back({&region, begin, begin + (until - offset), writes});
        begin += until - offset;
    }
}

void Tiles::add_touched_pages(const std::set<uint64_t>& numbers, bool writes,
                              std::vector<Touched>& all) {
    const a2a3_byte_state bit = writes ? A2A3_STATE_WRITTEN : A2A3_STATE_READ;
    const auto first = static_cast<a2a3_byte_state>(recorder_.first);
    Touched open{nullptr, 0, 0, writes};
    const auto close = [&] {
        if (open.region != nullptr) add_touched(*open.region, open.begin, open.end, writes, all);
    };
    for (const uint64_t number : numbers) {
        const uint64_t page = number << A2A3_TILE_PAGE_SHIFT;
        const a2a3_byte_state* const states = states_at(page);
        for (auto at = regions_.upper_bound(page);
             at != regions_.end() && at->second.begin < page + A2A3_TILE_PAGE; ++at) {
            const Region& region = at->second;
            const uint64_t end = std::min(region.end, page + A2A3_TILE_PAGE);
            for (uint64_t i = std::max(region.begin, page); i < end; ++i) {
                const a2a3_byte_state state = states[i - page];
                if (state < first || (state & bit) == 0) continue;
                if (open.end != i || !goes_on(open.region, region)) {
                    close();
                    open = {&region, i, i, writes};
                }
                open.end = i + 1;
            }
        }
    }
    close();
}

std::vector<Tiles::Touched> Tiles::touched() {
    std::set<uint64_t> numbers;
    numbers.swap(shared_);
    for (int32_t i = 0; i < recorder_.touched_count; ++i) {
        numbers.insert(recorder_.pages[recorder_.touched[i]].number);
    }
    std::vector<Touched> all;
    add_touched_pages(numbers, false, all);
    add_touched_pages(numbers, true, all);
    return all;
}

bool Tiles::is_one_tile(int32_t space, uint64_t begin, uint64_t end, uint64_t other_begin,
                        uint64_t other_end) const {
    const auto number = static_cast<uint64_t>(space);
    const uint64_t first = std::min(begin, other_begin);
    const uint64_t last = std::max(end, other_end);
    return std::any_of(tiles_.begin(), tiles_.end(), [&](const Range& tile) {
        return tile[0] == number && tile[1] <= first && last <= tile[2];
    });
}

}  // namespace a2a3sim
