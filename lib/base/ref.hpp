/* SPDX-License-Identifier: LGPL-2.1-or-later */
// Ownership of counted C objects: Ref<T>, and of uncounted ones: Owned<T, free>.
//
// There are four ways in, named after GLib's annotations, and no implicit one:
//   Ref<T>::adopt(p)   (transfer full)      takes over the caller's reference
//   Ref<T>::sink(p)    (transfer floating)  sinks a floating reference just created
//   Ref<T>::retain(p)  (transfer none)      adds a reference of its own
//   Ref<T>::from_weak(&w)                   what a GWeakRef still points to
// A raw pointer in a signature means "borrowed for this call". A type without RefTraits does not
// compile: guessing g_object_unref for, say, a GstBuffer would corrupt memory.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include <gio/gio.h>
#include <glib-object.h>

namespace cf
{

template <typename T> struct RefTraits; // left undefined on purpose

/// Traits of a type derived from GObject.
template <typename T> struct GObjectRefTraits {
    static T* ref(T* p) { return static_cast<T*>(g_object_ref(p)); }
    static void unref(T* p) { g_object_unref(p); }
    static bool is_floating(T* p) { return g_object_is_floating(p); }
    static T* ref_sink(T* p) { return static_cast<T*>(g_object_ref_sink(p)); }
};

template <typename T> class Ref
{
public:
    Ref() = default;
    Ref(std::nullptr_t) {}
    Ref(const Ref& o) : p_(o.p_ ? RefTraits<T>::ref(o.p_) : nullptr) {}
    Ref(Ref&& o) noexcept : p_(std::exchange(o.p_, nullptr)) {}
    ~Ref() { reset(); }
    Ref& operator=(Ref o) noexcept
    {
        std::swap(p_, o.p_);
        return *this;
    }

    [[nodiscard]] static Ref adopt(T* p)
    {
        if constexpr (requires { RefTraits<T>::is_floating(p); })
            g_assert(p == nullptr || !RefTraits<T>::is_floating(p));
        return Ref(p);
    }
    /// A strong reference, if the object still lives; it may be floating, and stays so.
    [[nodiscard]] static Ref from_weak(GWeakRef* weak)
    {
        return Ref(static_cast<T*>(g_weak_ref_get(weak)));
    }
    [[nodiscard]] static Ref sink(T* p) { return Ref(p ? RefTraits<T>::ref_sink(p) : nullptr); }
    [[nodiscard]] static Ref retain(T* p) { return Ref(p ? RefTraits<T>::ref(p) : nullptr); }

    [[nodiscard]] T* get() const { return p_; }
    T* operator->() const { return p_; }
    explicit operator bool() const { return p_ != nullptr; }
    bool operator==(const Ref& o) const { return p_ == o.p_; }

    /// Gives the reference away (transfer full).
    [[nodiscard]] T* release() { return std::exchange(p_, nullptr); }
    /// For a C out-parameter (transfer full); first drops what it held.
    [[nodiscard]] T** out()
    {
        reset();
        return &p_;
    }
    void reset()
    {
        if (T* p = std::exchange(p_, nullptr))
            RefTraits<T>::unref(p);
    }

private:
    explicit Ref(T* p) : p_(p) {}
    T* p_ = nullptr;
};

template <auto free_fn> struct OwnedDeleter {
    template <typename T> void operator()(T* p) const { free_fn(p); }
};
/// Sole owner of an uncounted C object: `Owned<char, g_free>`.
template <typename T, auto free_fn> using Owned = std::unique_ptr<T, OwnedDeleter<free_fn>>;
using OwnedString = Owned<char, g_free>;

} // namespace cf

/// Declares Ref<Type> for a type derived from GObject. At global scope.
#define CF_REF_GOBJECT(Type)                                                                       \
    template <> struct cf::RefTraits<Type> : cf::GObjectRefTraits<Type> {                          \
    }
/// Declares Ref<Type> for a counted type that is not a GObject. At global scope.
#define CF_REF_BOXED(Type, ref_fn, unref_fn)                                                       \
    template <> struct cf::RefTraits<Type> {                                                       \
        static Type* ref(Type* p) { return ref_fn(p); }                                            \
        static void unref(Type* p) { unref_fn(p); }                                                \
    }

CF_REF_GOBJECT(GObject);
CF_REF_GOBJECT(GCancellable);
CF_REF_GOBJECT(GInputStream);
CF_REF_GOBJECT(GOutputStream);
CF_REF_GOBJECT(GSocket);
CF_REF_GOBJECT(GSocketAddress);
CF_REF_GOBJECT(GInetAddress);
CF_REF_BOXED(GMainContext, g_main_context_ref, g_main_context_unref);
CF_REF_BOXED(GMainLoop, g_main_loop_ref, g_main_loop_unref);
CF_REF_BOXED(GSource, g_source_ref, g_source_unref);
CF_REF_BOXED(GBytes, g_bytes_ref, g_bytes_unref);
CF_REF_BOXED(GUri, g_uri_ref, g_uri_unref);
