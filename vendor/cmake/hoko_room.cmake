# hoko_room(NAME SOURCES … [ROOMS …] [LIBRARIES …]): one static library a room.
# ROOMS are the rooms that its code may include, LIBRARIES the outside ones that
# it is the home of; both are the room's row in the table of the README.
function(hoko_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;ROOMS;LIBRARIES" ${ARGN})
  add_library(hoko_${name} STATIC ${ROOM_SOURCES})
  list(TRANSFORM ROOM_ROOMS PREPEND hoko_)
  target_link_libraries(hoko_${name} PUBLIC hoko_flags ${ROOM_ROOMS} PRIVATE ${ROOM_LIBRARIES})
endfunction()

# hoko_unit_test(ROOM FILE [LIBRARIES …]): tests/unit/ROOM/FILE_test.c, a cmocka program.
function(hoko_unit_test room file)
  cmake_parse_arguments(TEST "" "" "LIBRARIES" ${ARGN})
  set(target unit_${room}_${file})
  add_executable(${target} ${file}_test.c)
  target_link_libraries(${target} PRIVATE hoko_${room} PkgConfig::CMOCKA ${TEST_LIBRARIES})
  add_test(NAME unit/${room}/${file} COMMAND ${target})
  set_tests_properties(unit/${room}/${file} PROPERTIES TIMEOUT 300 LABELS unit)
endfunction()
