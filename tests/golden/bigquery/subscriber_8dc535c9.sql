-- table demo.app.subscriber: subs_pointer INT64, subs_id STRING, subs_perid INT64, subs_loc_pointer INT64, subtype_id INT64, tax_exempt BOOL, tax_rate_id INT64, ObjectPointer INT64, timestamp BYTES
-- table demo.app_staging.subscriber__RUN: _plimsoll_op STRING, subs_pointer INT64, subs_id STRING, subs_perid INT64, subs_loc_pointer INT64, subtype_id INT64, tax_exempt BOOL, tax_rate_id INT64, ObjectPointer INT64, timestamp BYTES
MERGE `demo.app.subscriber` AS T
USING `demo.app_staging.subscriber__RUN` AS S
ON T.`subs_pointer` = S.`subs_pointer` AND T.`subs_pointer` BETWEEN 1 AND 9
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`subs_id` = S.`subs_id`, T.`subs_perid` = S.`subs_perid`, T.`subs_loc_pointer` = S.`subs_loc_pointer`, T.`subtype_id` = S.`subtype_id`, T.`tax_exempt` = S.`tax_exempt`, T.`tax_rate_id` = S.`tax_rate_id`, T.`ObjectPointer` = S.`ObjectPointer`, T.`timestamp` = S.`timestamp`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`subs_pointer`, `subs_id`, `subs_perid`, `subs_loc_pointer`, `subtype_id`, `tax_exempt`, `tax_rate_id`, `ObjectPointer`, `timestamp`) VALUES (S.`subs_pointer`, S.`subs_id`, S.`subs_perid`, S.`subs_loc_pointer`, S.`subtype_id`, S.`tax_exempt`, S.`tax_rate_id`, S.`ObjectPointer`, S.`timestamp`)
